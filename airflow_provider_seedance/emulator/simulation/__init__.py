"""The simulated vendors' state: time, generations, faults, callbacks, and the files they made."""
