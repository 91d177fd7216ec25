"""Those who can set a new school up; both are made at the first start."""

SETUP_ACTOR = "admin"
CAREER_CENTRE_ACTOR = "career-centre"
