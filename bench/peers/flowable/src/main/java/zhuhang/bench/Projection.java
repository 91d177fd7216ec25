package zhuhang.bench;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import org.flowable.common.engine.impl.context.Context;
import org.flowable.common.engine.impl.db.DbSqlSession;
import org.flowable.engine.delegate.DelegateExecution;
import org.flowable.engine.delegate.JavaDelegate;

/** Writes the ledger in the engine's own transaction. */
public final class Projection implements JavaDelegate {
    private static final String EVENT =
        "INSERT INTO case_event (case_id, version, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
    private static final String ROW =
        "INSERT INTO case_row VALUES (?, ?, now() + interval '30 days') ON CONFLICT (case_id) DO UPDATE SET "
            + "version = excluded.version, due_at = excluded.due_at WHERE case_row.version < excluded.version";

    @Override
    public void execute(DelegateExecution execution) {
        String caseId = execution.getProcessInstanceBusinessKey();
        Integer before = (Integer) execution.getVariable("version");
        int version = before == null ? 1 : before + 1;
        execution.setVariable("version", version);
        Connection connection =
            Context.getCommandContext().getSession(DbSqlSession.class).getSqlSession().getConnection();
        try (PreparedStatement event = connection.prepareStatement(EVENT);
                PreparedStatement row = connection.prepareStatement(ROW)) {
            event.setString(1, caseId);
            event.setInt(2, version);
            event.setString(3, String.valueOf(execution.getVariable("body")));
            event.executeUpdate();
            row.setString(1, caseId);
            row.setInt(2, version);
            row.executeUpdate();
        } catch (SQLException error) {
            throw new IllegalStateException(error);
        }
    }
}
