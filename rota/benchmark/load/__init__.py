"""The app that `rota benchmark` runs: jobs that do as little as can be measured."""
