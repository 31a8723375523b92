CREATE TABLE made_up (source text PRIMARY KEY);
GRANT SELECT, INSERT ON made_up TO {role};
