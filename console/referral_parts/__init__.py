"""The parts of the referrals page."""
