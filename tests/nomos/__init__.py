"""The API client, against the simulator and against stranger servers than that."""
