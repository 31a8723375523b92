-- Of dossiers that notify heard of before this, the day of their first notice; where there is none, papers are named by their number.
ALTER TABLE dossiers ADD COLUMN submitted_on date;
UPDATE dossiers d SET submitted_on = n.day FROM (
    SELECT dossier_id, (min(happened_at) AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS day FROM notices
    WHERE about = 'DossierSubmitted' GROUP BY dossier_id
) n WHERE n.dossier_id = d.dossier_id;
