"""The command `rota`. Each command parses its words, calls one thing below, and shows the answer."""
