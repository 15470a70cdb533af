"""What is done to records: checked at both ends, written, told beforehand, audited and undone."""
