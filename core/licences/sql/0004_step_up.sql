-- Which act needs a fresh proof of who acts, how fresh in seconds, and what those show who have no second factor.
update licences.licences set rules = rules || '{
  "stepUp": {
    "withdrawal": {"seconds": 300, "withoutFactor": ["password"]},
    "payout_instrument": {"seconds": 300, "withoutFactor": ["password", "email"]},
    "email_change": {"seconds": 300, "withoutFactor": ["password", "email"]},
    "password_change": {"seconds": 300, "withoutFactor": ["password", "email"]},
    "personal_data_change": {"seconds": 300, "withoutFactor": ["password", "email"]},
    "limit_loosening": {"seconds": 300, "withoutFactor": ["password"]},
    "export": {"seconds": 300, "withoutFactor": ["password"]},
    "erasure": {"seconds": 300, "withoutFactor": ["password", "email"]},
    "factor_change": {"seconds": 300, "withoutFactor": ["password", "email"]}
  }
}';
