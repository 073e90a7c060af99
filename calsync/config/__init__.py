"""The configuration: what the leader decided, in one YAML file."""
