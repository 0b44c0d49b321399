"""`rota benchmark`: how fast Rota is on this machine, beside what the machine allows."""
