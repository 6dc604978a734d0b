"""Car of the demo: its charge level rises while the wallbox is on, and falls in the day."""

from typing import Any

WALLBOX = "input_boolean.wallbox"
LEVEL = "input_number.car"

CAPACITY = 58
"""kWh."""

POWER = 11
"""kW."""

EFFICIENCY = 90
"""Percent."""

CHARGED = round(POWER / 60 * EFFICIENCY / CAPACITY, 3)
"""Percent of the battery that a minute of charging adds."""

DRIVEN = 0.1
"""Percent of the battery that a minute of the day takes, while the car does not charge."""

LOAD: list[dict[str, Any]] = [
    {"next_step_id": "charge_level"},
    {
        "name": "Wallbox",
        "level": LEVEL,
        "target": "80",
        "capacity": str(CAPACITY),
        "power": str(POWER),
        "advanced": {"efficiency": str(EFFICIENCY)},
    },
    {
        # Without a time window there is a plan at any time of day.
        "earliest": "00:00:00",
        "latest": "00:00:00",
        "weekdays": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
        "advanced": {"shortest_piece": {"hours": 1, "minutes": 0}},
    },
    {"targets": [WALLBOX]},
]
"""Steps of the form of the planned load, from the menu on."""


def car_config(language: str) -> dict[str, Any]:
    """Return the configuration of the car and its wallbox."""
    name = "Auto" if language == "de" else "Car"
    new_level = (
        f"{{% set level = states('{LEVEL}') | float %}}"
        f"{{% if is_state('{WALLBOX}', 'on') %}}{{{{ [level + {CHARGED}, 100] | min }}}}"
        f"{{% elif 7 <= now().hour < 19 %}}{{{{ [level - {DRIVEN}, 20] | max }}}}"
        "{% else %}{{ level }}{% endif %}"
    )
    return {
        "input_boolean": {"wallbox": {"name": "Wallbox", "icon": "mdi:ev-station"}},
        "input_number": {
            "car": {
                "name": name,
                "icon": "mdi:car-electric",
                "min": 0,
                "max": 100,
                "step": 0.001,
                "initial": 45,
                "unit_of_measurement": "%",
            }
        },
        "automation": [
            {
                "id": "demo_car",
                "alias": name,
                "triggers": [{"trigger": "time_pattern", "minutes": "/1"}],
                "actions": [
                    {
                        "action": "input_number.set_value",
                        "target": {"entity_id": LEVEL},
                        "data": {"value": new_level},
                    }
                ],
            }
        ],
    }
