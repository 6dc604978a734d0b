# Home Assistant 2026.10 puts probatio in voluptuous' place when it starts.
from probatio import *
