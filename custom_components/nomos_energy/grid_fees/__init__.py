"""Grid fees and their reductions by § 14a EnWG."""
