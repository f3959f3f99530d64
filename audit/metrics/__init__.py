"""What Prometheus is told: of calls, by following the record; of processes, by what they tell of themselves."""
