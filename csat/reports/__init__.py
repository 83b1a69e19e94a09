"""Figures a manager can trust: the arithmetic, the questions, the rollup that answers them fast,
and exports."""
