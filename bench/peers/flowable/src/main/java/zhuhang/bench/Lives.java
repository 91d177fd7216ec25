package zhuhang.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.flowable.common.engine.impl.history.HistoryLevel;
import org.flowable.engine.ProcessEngine;
import org.flowable.engine.RuntimeService;
import org.flowable.engine.impl.cfg.StandaloneProcessEngineConfiguration;

/** Arguments: JDBC URL, user, commands of a life, seconds to warm up, with one client and with many, how many. */
public final class Lives {
    private final RuntimeService runtime;
    private final int commands;
    private final AtomicInteger numbers = new AtomicInteger();

    private Lives(RuntimeService runtime, int commands) {
        this.runtime = runtime;
        this.commands = commands;
    }

    public static void main(String[] given) throws Exception {
        StandaloneProcessEngineConfiguration configuration = new StandaloneProcessEngineConfiguration();
        configuration.setJdbcDriver("org.postgresql.Driver");
        configuration.setJdbcUrl(given[0]);
        configuration.setJdbcUsername(given[1]);
        configuration.setJdbcPassword("");
        configuration.setJdbcMaxActiveConnections(32);
        configuration.setJdbcMaxIdleConnections(32);
        configuration.setDatabaseSchemaUpdate("true");
        configuration.setHistoryLevel(HistoryLevel.AUDIT);
        configuration.setAsyncExecutorActivate(true);
        ProcessEngine engine = configuration.buildProcessEngine();
        engine.getRepositoryService().createDeployment().addClasspathResource("life.bpmn20.xml").deploy();
        Lives lives = new Lives(engine.getRuntimeService(), Integer.parseInt(given[2]));
        int clients = Integer.parseInt(given[6]);
        lives.rate(Double.parseDouble(given[3]), clients);
        double one = lives.rate(Double.parseDouble(given[4]), 1);
        double many = lives.rate(Double.parseDouble(given[5]), clients);
        System.out.println("{\"one\": " + one + ", \"many\": " + many + "}");
        engine.close();
        System.exit(0);
    }

    private double rate(double seconds, int clients) throws Exception {
        long end = System.nanoTime() + (long) (seconds * 1e9);
        ExecutorService threads = Executors.newFixedThreadPool(clients);
        List<Callable<Integer>> all = new ArrayList<>();
        for (int client = 0; client < clients; client++) {
            all.add(() -> live(end));
        }
        int answered = 0;
        for (Future<Integer> found : threads.invokeAll(all)) {
            answered += found.get();
        }
        threads.shutdown();
        return answered / seconds;
    }

    private int live(long end) {
        int answered = 0;
        while (true) {
            String key = "flowable-" + numbers.incrementAndGet();
            String instance = runtime.startProcessInstanceByKey("life", key, Map.of("body", "opened")).getId();
            for (int command = 0; command < commands; command++) {
                if (System.nanoTime() > end) {
                    return answered;
                }
                answered++;
                String waiting = runtime.createExecutionQuery()
                    .processInstanceId(instance).activityId("waiting").singleResult().getId();
                runtime.trigger(waiting, Map.of("body", "command " + command));
            }
            if (System.nanoTime() > end) {
                return answered;
            }
            answered++;
        }
    }
}
