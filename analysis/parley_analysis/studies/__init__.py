"""The studies of docs/results.md: one command runs them, and makes every table and figure.

study        what a study is
markdown     Markdown tables
paper        the paper's three claims
adversaries  verification by expected cost, and adversaries that adapt
identities   fresh and stolen identities
run          runs studies, writes their products, renews the page
"""
from . import adversaries, identities, paper
from .run import run_studies
from .study import Study

STUDIES: tuple[Study, ...] = (*paper.STUDIES, *adversaries.STUDIES, *identities.STUDIES)

__all__ = ["STUDIES", "Study", "run_studies"]
