#include "tools/sie-dns-sensor_spool.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "status/metrics_text.h"
#include "status/metrics_textfile.h"
#include "status/process_status.h"

namespace sie::tools {

namespace {

constexpr std::int64_t between_textfiles_ns = 15 * Time::per_second;

using Settings = service::SensorSettings;

// What SIGHUP takes on besides the rules of transactions (docs/settings.md says it to operators). bpf is the
// sensor's.
constexpr struct {
    std::string_view name;
    void (*take)(Settings& own, const Settings& now);
} reloadable[] = {
    {"bpf", [](Settings& own, const Settings& now) { own.bpf = now.bpf; }},
    {"upload", [](Settings& own, const Settings& now) { own.upload = now.upload; }},
    {"archive", [](Settings& own, const Settings& now) { own.archive = now.archive; }},
    {"login", [](Settings& own, const Settings& now) { own.login = now.login; }},
    {"submitserver", [](Settings& own, const Settings& now) { own.submitserver = now.submitserver; }},
    {"uploadkey", [](Settings& own, const Settings& now) { own.uploadkey = now.uploadkey; }},
    {"knownhosts", [](Settings& own, const Settings& now) { own.knownhosts = now.knownhosts; }},
    {"upload_source", [](Settings& own, const Settings& now) { own.upload_source = now.upload_source; }},
    {"upload_warn_minutes",
     [](Settings& own, const Settings& now) { own.upload_warn_minutes = now.upload_warn_minutes; }},
    {"max_spool_size_kbytes",
     [](Settings& own, const Settings& now) { own.max_spool_size_kbytes = now.max_spool_size_kbytes; }},
    {"metrics_textfile",
     [](Settings& own, const Settings& now) { own.metrics_textfile = now.metrics_textfile; }},
};

bool is_reloadable(const service::SettingRow& row) {
    if (row.rule != nullptr) return row.name != "DNSQR_STATE_TABLE_MAX";
    return std::ranges::any_of(reloadable, [&](const auto& each) { return each.name == row.name; });
}

}  // namespace

std::vector<std::string> needs_restart(const service::SensorSettings& before,
                                       const service::SensorSettings& now) {
    std::vector<std::string> names;
    for (const service::SettingRow& row : service::settings_table())
        if (!is_reloadable(row) && row.shown(before) != row.shown(now)) names.emplace_back(row.name);
    return names;
}

spool::SpoolRules spool_rules_of(const service::SensorSettings& settings) {
    spool::SpoolRules rules;
    rules.spooldir = settings.spooldir;
    rules.channel = settings.channel;
    rules.upload = settings.upload;
    rules.archive = settings.archive;
    rules.most_octets = settings.max_spool_size_kbytes << 10;
    return rules;
}

SpoolCompany::SpoolCompany(Setup setup) : setup_(std::move(setup)), started_(now()) {
    next_beat_ns_ = started_.steady_ns + status::heartbeat_every_ns;
}

SpoolCompany::~SpoolCompany() = default;

status::Moment SpoolCompany::now() const { return {setup_.clock->wall(), setup_.clock->steady_ns()}; }

Result<std::unique_ptr<SpoolCompany>> SpoolCompany::start(Setup setup) {
    auto keeper = spool::SpoolKeeper::open(spool_rules_of(setup.settings));
    if (!keeper) return fail(std::move(keeper.error()));
    std::unique_ptr<SpoolCompany> company(new SpoolCompany(std::move(setup)));
    company->spool_ =
        std::make_unique<service::SpoolWatch>(std::move(*keeper), *company->setup_.log,
                                              [uploader = company->setup_.uploader] { uploader->wake(); });
    company->start_answers();
    return company;
}

void SpoolCompany::start_answers() {
    const auto warn = [&](const Error& error) { setup_.log->tell(sensor::Severity::warning, error.text()); };
    std::vector<status::AnswerListener> listeners;
    if (!setup_.status_socket.empty()) {
        auto socket = status::StatusSocket::open(setup_.status_socket);
        if (socket) {
            socket_.emplace(std::move(*socket));
            listeners.push_back(socket_->listener(board_));
        } else {
            warn(socket.error());
        }
    }
    if (setup_.settings.metrics_port) {
        auto port = status::open_metrics_port(*setup_.settings.metrics_port, board_);
        if (port)
            for (status::AnswerListener& listener : port->listeners) listeners.push_back(std::move(listener));
        else
            warn(port.error());
    }
    if (listeners.empty()) return;
    auto answers = status::AnswerServer::start(std::move(listeners));
    if (answers)
        answers_ = std::move(*answers);
    else
        warn(answers.error());
}

status::UploadStatus SpoolCompany::upload_status() {
    status::UploadStatus out;
    const upload::UploadStatus& told = setup_.uploader->status();
    const status::Moment moment = now();
    // By the wall's clock in the other process, to both clocks of this one.
    const auto moment_of = [&](std::int64_t seconds) -> std::optional<status::Moment> {
        if (seconds == 0) return {};
        const std::int64_t age = std::max<std::int64_t>(0, moment.wall.seconds() - seconds);
        return status::Moment{Time::of(seconds, 0), moment.steady_ns - age * Time::per_second};
    };
    out.last_success = moment_of(told.last_success_s);
    out.last_failure = moment_of(told.last_failure_s);
    out.last_error = told.last_error;
    if (told.state == upload::UploadState::backing_off && told.next_try_s != 0)
        out.next_try_steady_ns =
            moment.steady_ns + (told.next_try_s - moment.wall.seconds()) * Time::per_second;
    if (told.state == upload::UploadState::held) out.stopped = told.last_error;
    if (setup_.uploader->has_died()) out.stopped = "the uploader has died; restart the sensor";
    out.files = told.files_sent;
    out.octets = told.octets_sent;
    out.failures = told.failures;
    return out;
}

void SpoolCompany::tick(const sensor::LiveStatus& live, const status::ClockStatus& clock) {
    const service::SensorSettings& settings = setup_.settings;
    status::StatusFacts facts;
    facts.now = now();
    facts.run.version = SIE_VERSION;
    facts.run.started = started_;
    for (const service::Interface& interface : settings.interfaces)
        facts.run.interfaces.push_back({interface.name, interface.promiscuous});
    facts.run.table_capacity = setup_.table_capacity;
    facts.run.wants_rd_clear = settings.rules.capture_rd == 0;
    facts.run.upload = settings.upload;
    facts.run.archive = settings.archive;
    facts.run.upload_warn_minutes = settings.upload_warn_minutes;
    facts.live = live;
    const service::SpoolWatch::Status spool = spool_->status();
    facts.spool.fresh = {spool.content.new_files, spool.content.new_octets};
    facts.spool.waiting = {spool.content.waiting_files, spool.content.waiting_octets};
    facts.spool.archive = {spool.content.archive_files, spool.content.archive_octets};
    facts.spool.limit_octets = settings.max_spool_size_kbytes << 10;
    facts.spool.lost_files = spool.counts.lost_files;
    facts.spool.lost_octets = spool.counts.lost_octets;
    facts.spool.lost_transactions = spool.counts.lost_payloads;
    facts.spool.archive_stopped = spool.archiving_stopped;
    facts.spool.unarchived_files = spool.counts.not_archived;
    facts.upload = upload_status();
    facts.clock = clock;
    facts.process = status::read_process_status();

    history_.take(status::sample_of(facts));
    const std::int64_t steady = facts.now.steady_ns;
    status::StatusReport report = status::make_report(std::move(facts), history_);
    line_ = fmt::format("{:.0f} packets/s, {} transactions, {} waiting in the spool{}",
                        report.rates[0].frames, status::all_kinds(live.ledger), spool.content.waiting_files,
                        report.warnings.empty() ? "" : "; " + report.warnings.front().text);
    if (!settings.metrics_textfile.empty() && steady >= next_textfile_ns_) {
        next_textfile_ns_ = steady + between_textfiles_ns;
        const auto written =
            status::write_metrics_file(settings.metrics_textfile, status::metrics_text(report));
        if (!written && !textfile_failed_)
            setup_.log->tell(sensor::Severity::warning, written.error().text());
        textfile_failed_ = !written;
    }
    if (steady >= next_beat_ns_) {
        next_beat_ns_ = steady + status::heartbeat_every_ns;
        setup_.log->tell(sensor::Severity::info, status::heartbeat_line(report, last_beat_));
        last_beat_ = report;
    }
    board_.publish(std::move(report));
}

void SpoolCompany::reload(const service::SensorSettings& settings) {
    service::SensorSettings& own = setup_.settings;
    const std::uint32_t table = own.rules.state_table_max;
    own.rules = settings.rules;
    own.rules.state_table_max = table;
    for (const auto& each : reloadable) each.take(own, settings);
    textfile_failed_ = false;
    spool_->set_rules(spool_rules_of(setup_.settings));
}

}  // namespace sie::tools
