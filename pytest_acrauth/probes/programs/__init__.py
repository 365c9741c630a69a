"""Programs of this machine: how they are run, what clients and credential helpers say."""
