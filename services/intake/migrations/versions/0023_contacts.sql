\i ../../functions/set_contact.sql
\i ../../functions/contact_of.sql
