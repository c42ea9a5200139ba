-- How many months after the end of a business relation each kind of personal data is kept, and why.
update licences.licences set rules = rules || '{
  "retention": {
    "contact": {"months": 0, "why": "Nothing has us keep it once the account is closed."},
    "credentials": {"months": 0, "why": "Nothing has us keep it once the account is closed."},
    "marketing": {"months": 0, "why": "Nothing has us keep it once the account is closed."},
    "identity": {"months": 60, "why": "Who a customer was is kept for five years after the business relation (Directive (EU) 2015/849, Art. 40(1)(a))."},
    "kyc": {"months": 60, "why": "Proofs of who a customer was are kept for five years after the business relation (Directive (EU) 2015/849, Art. 40(1)(a))."},
    "payment": {"months": 60, "why": "Records of payments are kept for five years after the business relation (Directive (EU) 2015/849, Art. 40(1)(b))."},
    "audit": {"months": 72, "why": "The audit log is kept for as long as the licence says."}
  }
}';
