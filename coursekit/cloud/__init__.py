"""AutoML of three vendors behind one protocol, and loopback servers that speak their languages."""
