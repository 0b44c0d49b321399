"""`rota demo`: a bench with a small shop that keeps its workers busy, and a live view of them in the terminal."""
