"""What every floor speaks of: plain, frozen values. No I/O, no pytest, no catalogue."""
