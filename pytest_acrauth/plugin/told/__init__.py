"""What a run says: failure texts, summary, annotations, reports, and what other plugins are given."""
