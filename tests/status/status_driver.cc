// What the tests in Python look at.
//
//   status_driver print FORM REPORT                 FORM: text, json, metrics, heartbeat, metric-table,
//   warnings status_driver serve SOCKET REPORT [PORTFILE]    until standard input ends; PORTFILE: HTTP too,
//   its port there status_driver ask SOCKET FORM                   as `sie-dns-sensor status`; FORM: text,
//   json, metrics, watch
//
// REPORT: full, calm, empty, hostile.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <string>

#include "status/answer_server.h"
#include "status/heartbeat.h"
#include "status/made_report.h"
#include "status/metrics_http.h"
#include "status/metrics_text.h"
#include "status/status_board.h"
#include "status/status_json.h"
#include "status/status_socket.h"
#include "status/status_text.h"
#include "status/status_warnings.h"
#include "tools/sie-dns-sensor_status.h"

namespace {

using namespace sie;
using namespace sie::status;

StatusReport report_called(const std::string& name) {
    return name == "full"    ? test::full_report()
           : name == "calm"  ? test::calm_report()
           : name == "empty" ? test::empty_report()
                             : test::hostile_report();
}

int print(const std::string& form, const StatusReport& report) {
    if (form == "text") fmt::print("{}", status_text(report, {}));
    if (form == "json") fmt::print("{}", status_json(report));
    if (form == "metrics") fmt::print("{}", metrics_text(report));
    if (form == "heartbeat") fmt::print("{}\n", heartbeat_line(report, {}));
    if (form == "metric-table")
        for (const MetricRow& row : metrics_table())
            fmt::print("{}\t{}\t{}\t{}\t{}\n", row.name, row.type,
                       fmt::join(row.labels.begin(), row.labels.begin() + row.label_count(), ","), row.help,
                       row.absent);
    if (form == "warnings")
        for (const auto word : warning_words()) fmt::print("{}\n", word);
    return 0;
}

int serve(int argc, char** argv) {
    StatusBoard board;
    board.publish(report_called(argv[3]));
    auto socket = StatusSocket::open(argv[2]);
    if (!socket) {
        fmt::print(stderr, "{}\n", socket.error().text());
        return socket.error().exit_status();
    }
    std::vector<AnswerListener> listeners;
    listeners.push_back(socket->listener(board));
    if (argc > 4) {
        auto port = open_metrics_port(0, board);
        if (!port) {
            fmt::print(stderr, "{}\n", port.error().text());
            return 1;
        }
        for (auto& listener : port->listeners) listeners.push_back(std::move(listener));
        std::ofstream(argv[4]) << port->port << "\n";
    }
    const auto server = AnswerServer::start(std::move(listeners));
    if (!server) return 1;
    fmt::print("ready\n");
    std::fflush(stdout);
    char octet = 0;
    while (::read(STDIN_FILENO, &octet, 1) > 0) {}
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string what = argc > 3 ? argv[1] : "";
    if (what == "print") return print(argv[2], report_called(argv[3]));
    if (what == "serve") return serve(argc, argv);
    if (what == "ask") {
        using Form = tools::StatusCommand::Form;
        const std::map<std::string, Form> forms{
            {"text", Form::text}, {"json", Form::json}, {"metrics", Form::metrics}, {"watch", Form::watch}};
        return tools::run_status({argv[2], forms.at(argv[3])});
    }
    return 2;
}
