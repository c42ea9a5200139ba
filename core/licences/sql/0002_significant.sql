-- What the licence calls large, and how long the audit log is kept.
update licences.licences set rules = rules || '{
  "significant": {
    "EUR": {"stake": "500.00", "win": "5000.00", "transaction": "2000.00", "transactionsPerDay": "5000.00"},
    "GBP": {"stake": "500.00", "win": "5000.00", "transaction": "2000.00", "transactionsPerDay": "5000.00"},
    "SEK": {"stake": "5000.00", "win": "50000.00", "transaction": "20000.00", "transactionsPerDay": "50000.00"},
    "USD": {"stake": "500.00", "win": "5000.00", "transaction": "2000.00", "transactionsPerDay": "5000.00"}
  },
  "auditMonthsKept": 72
}';
