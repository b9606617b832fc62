// The transaction rules' plain twin: a list of open queries, each rule of FACTS Q25–Q31 and Q48–Q50 as it is
// written.
#pragma once

#include <list>
#include <optional>
#include <vector>

#include "dnsqr/transactions.h"

namespace sie::dnsqr {

struct TransactionsTwin {
    using Bytes = std::vector<std::uint8_t>;
    // What the rules look at in a message.
    struct Said {
        bool response = false, rd = false;
        std::uint8_t rcode = 0;
        std::uint16_t id = 0, initiator_port = 0;
        net::Family family = net::Family::v4;
        Bytes question{};  // none: it has none
        Time time{};
    };
    struct Left {
        TransactionKind kind;
        std::uint16_t id, initiator_port;
        Time envelope;
        std::optional<double> timeout;
        friend bool operator==(const Left&, const Left&) = default;
    };

    const Settings settings;
    Time clock{};
    std::list<Said> open{};    // in stored order
    std::vector<Left> left{};  // what was not filtered

    void advance(Time now) {
        clock = now;
        for (auto q = open.begin(); q != open.end();) {
            const bool due = now.seconds() - q->time.seconds() > settings.query_timeout_s;
            if (due) leave(TransactionKind::unanswered, &*q, nullptr);
            q = due ? open.erase(q) : std::next(q);
        }
    }
    void message(const Said& m) {
        if (settings.capture_qr) {
            if ((*settings.capture_qr == 1) != m.response) return;
            m.response ? leave(TransactionKind::response_only, nullptr, &m)
                       : leave(TransactionKind::query_only, &m, nullptr);
        } else if (!m.response) {
            if (open.size() == settings.state_table_max) pop_oldest();
            open.push_back(m);
        } else {
            for (auto q = open.begin(); q != open.end(); ++q) {
                if (!answers(m, *q)) continue;
                leave(TransactionKind::pair, &*q, &m);
                open.erase(q);
                return;
            }
            leave(TransactionKind::unsolicited, nullptr, &m);
        }
    }
    void flush() {
        while (!open.empty()) pop_oldest();
    }

  private:
    // Q25; Q26: where one side lacks the question, four rcodes pair.
    static bool answers(const Said& r, const Said& q) {
        if (q.family != r.family || q.id != r.id || q.initiator_port != r.initiator_port) return false;
        const bool lacking = q.question.empty() || r.question.empty();
        const bool error = r.rcode == 1 || r.rcode == 2 || r.rcode == 4 || r.rcode == 5;
        return lacking ? error : q.question == r.question;
    }
    void pop_oldest() {
        leave(TransactionKind::unanswered, &open.front(), nullptr);
        open.pop_front();
    }
    void leave(TransactionKind kind, const Said* q, const Said* r) {
        if (filtered(q, r)) return;
        const Said& first = q != nullptr ? *q : *r;
        std::optional<double> timeout;
        if (kind == TransactionKind::unanswered) {
            const std::int64_t age = std::max<std::int64_t>(0, clock.ns - first.time.ns);
            timeout = static_cast<double>(age / Time::per_second) +
                      static_cast<double>(age % Time::per_second) / 1e9;
        }
        left.push_back({kind, first.id, first.initiator_port, first.time, timeout});
    }
    [[nodiscard]] bool filtered(const Said* q, const Said* r) const {
        if (settings.capture_rd && (*settings.capture_rd == 1) != (q != nullptr ? q : r)->rd) return true;
        const Said* asked = r != nullptr && !r->question.empty() ? r : q;
        if (asked != nullptr && !asked->question.empty()) {
            const Octets name = Octets(asked->question).first(asked->question.size() - 4);
            if (settings.exclude_names.covers(name) && !settings.include_names.covers(name)) return true;
        }
        if (r == nullptr) return false;
        const bool included = settings.include_rcodes == 0 || (settings.include_rcodes >> r->rcode & 1) != 0;
        return !included || (settings.exclude_rcodes >> r->rcode & 1) != 0;
    }
};

}  // namespace sie::dnsqr
