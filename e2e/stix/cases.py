"""Cases written by hand: each deliberate difference, each slip of a peer, and the values nearest to them."""
CHECK = []
MATCH = []
EQUIVALENT = []
IDS = []
VALIDATE = []
