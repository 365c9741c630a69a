"""What can be seen, and how it is recognised: on what a climb or a client check recorded, in what programs print."""
