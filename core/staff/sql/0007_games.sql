-- Closing a game is one's to do at once; opening it, and which version is offered, takes two.
update staff.roles set permissions = permissions || '{games.close,games.propose,games.approve}' where role = 'administrator';
update staff.roles set permissions = permissions || '{games.close,games.propose}' where role = 'game_manager';
update staff.roles set permissions = permissions || '{games.close,games.approve}' where role = 'compliance_officer';
update staff.roles set permissions = permissions || '{games.close}' where role = 'risk';
