-- One database for each service, closed to the others. Run once, after roles.sql.
CREATE DATABASE intake OWNER intake_owner;
CREATE DATABASE processing OWNER processing_owner;
CREATE DATABASE notify OWNER notify_owner;
CREATE DATABASE reporting OWNER reporting_owner;
REVOKE ALL ON DATABASE intake, processing, notify, reporting FROM PUBLIC;
REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC;
GRANT CONNECT ON DATABASE intake TO intake;
GRANT CONNECT ON DATABASE processing TO processing;
GRANT CONNECT ON DATABASE notify TO notify;
GRANT CONNECT ON DATABASE reporting TO reporting, analyst;
