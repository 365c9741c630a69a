"""The one HTTP stack, over connections that the network leg opened."""
