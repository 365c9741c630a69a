"""When climbs run, and in which process."""
