"""An account is set up and taken down."""
