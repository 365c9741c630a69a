"""Looks for evidence: Azure Resource Manager and Graph, for reading only."""
