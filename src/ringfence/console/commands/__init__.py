"""What the operator can do: one class a command."""
