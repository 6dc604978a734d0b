// Usage comes a day late: the Energy dashboard would open on a day without any.
localStorage.setItem("energy-default-period-_energy_dashboard", "now-7d");
