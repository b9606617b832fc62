#include "dns/type_name.h"

#include <arpa/nameser.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace sie::dns {
namespace {

TEST(TypeName, KnowsTheTypesOfTheTable) {
    // The numbers of the C library's <arpa/nameser.h> as second opinion.
    const std::map<std::string, int> known{{"A", ns_t_a},
                                           {"NS", ns_t_ns},
                                           {"MD", ns_t_md},
                                           {"MF", ns_t_mf},
                                           {"CNAME", ns_t_cname},
                                           {"SOA", ns_t_soa},
                                           {"MB", ns_t_mb},
                                           {"MG", ns_t_mg},
                                           {"MR", ns_t_mr},
                                           {"NULL", ns_t_null},
                                           {"WKS", ns_t_wks},
                                           {"PTR", ns_t_ptr},
                                           {"HINFO", ns_t_hinfo},
                                           {"MINFO", ns_t_minfo},
                                           {"MX", ns_t_mx},
                                           {"TXT", ns_t_txt},
                                           {"RP", ns_t_rp},
                                           {"AFSDB", ns_t_afsdb},
                                           {"X25", ns_t_x25},
                                           {"ISDN", ns_t_isdn},
                                           {"RT", ns_t_rt},
                                           {"NSAP", ns_t_nsap},
                                           {"NSAP-PTR", ns_t_nsap_ptr},
                                           {"SIG", ns_t_sig},
                                           {"KEY", ns_t_key},
                                           {"PX", ns_t_px},
                                           {"GPOS", ns_t_gpos},
                                           {"AAAA", ns_t_aaaa},
                                           {"LOC", ns_t_loc},
                                           {"NXT", ns_t_nxt},
                                           {"EID", ns_t_eid},
                                           {"NIMLOC", ns_t_nimloc},
                                           {"SRV", ns_t_srv},
                                           {"ATMA", ns_t_atma},
                                           {"NAPTR", ns_t_naptr},
                                           {"KX", ns_t_kx},
                                           {"CERT", ns_t_cert},
                                           {"A6", ns_t_a6},
                                           {"DNAME", ns_t_dname},
                                           {"SINK", ns_t_sink},
                                           {"OPT", ns_t_opt},
                                           {"APL", ns_t_apl},
                                           {"DS", ns_t_ds},
                                           {"SSHFP", ns_t_sshfp},
                                           {"IPSECKEY", ns_t_ipseckey},
                                           {"RRSIG", ns_t_rrsig},
                                           {"NSEC", ns_t_nsec},
                                           {"DNSKEY", ns_t_dnskey},
                                           {"DHCID", ns_t_dhcid},
                                           {"NSEC3", ns_t_nsec3},
                                           {"NSEC3PARAM", ns_t_nsec3param},
                                           {"TLSA", ns_t_tlsa},
                                           {"HIP", ns_t_hip},
                                           {"NINFO", ns_t_ninfo},
                                           {"RKEY", ns_t_rkey},
                                           {"TALINK", ns_t_talink},
                                           {"CDS", ns_t_cds},
                                           {"CDNSKEY", ns_t_cdnskey},
                                           {"OPENPGPKEY", ns_t_openpgpkey},
                                           {"CSYNC", ns_t_csync},
                                           {"SPF", ns_t_spf},
                                           {"UINFO", ns_t_uinfo},
                                           {"UID", ns_t_uid},
                                           {"GID", ns_t_gid},
                                           {"UNSPEC", ns_t_unspec},
                                           {"NID", ns_t_nid},
                                           {"L32", ns_t_l32},
                                           {"L64", ns_t_l64},
                                           {"LP", ns_t_lp},
                                           {"EUI48", ns_t_eui48},
                                           {"EUI64", ns_t_eui64},
                                           {"TKEY", ns_t_tkey},
                                           {"TSIG", ns_t_tsig},
                                           {"IXFR", ns_t_ixfr},
                                           {"AXFR", ns_t_axfr},
                                           {"MAILB", ns_t_mailb},
                                           {"MAILA", ns_t_maila},
                                           {"ANY", ns_t_any},
                                           {"URI", ns_t_uri},
                                           {"CAA", ns_t_caa},
                                           {"TA", ns_t_ta},
                                           {"DLV", ns_t_dlv},
                                           {"SVCB", 64},
                                           {"HTTPS", 65}};  // RFC 9460 is younger than that header
    std::size_t named = 0;
    for (unsigned type = 0; type <= 0xffff; ++type)
        named += type_name(static_cast<std::uint16_t>(type)).empty() ? 0 : 1;
    EXPECT_EQ(named, known.size());
    for (const auto& [name, number] : known) {
        EXPECT_EQ(type_name(static_cast<std::uint16_t>(number)), name);
        EXPECT_EQ(type_from_text(name), number);
    }
}

TEST(TypeName, LeavesTheOthersUnnamed) {
    for (std::uint16_t type : {0, 53, 63, 66, 98, 248, 258, 259, 32767, 32770, 65535}) {
        EXPECT_EQ(type_name(type), "");
        EXPECT_EQ(type_text(type), "TYPE" + std::to_string(type));
        EXPECT_EQ(type_from_text("TYPE" + std::to_string(type)), type);
    }
    EXPECT_EQ(type_text(28), "AAAA");
}

TEST(TypeFromText, TakesAnyCaseAndRefusesJunk) {
    EXPECT_EQ(type_from_text("nsec3param"), 51);
    EXPECT_EQ(type_from_text("type65000"), 65000);
    for (const char* text : {"", "AA", "TYPE", "TYPE65536", "TYPE-1", "TYPE1x", "1", "A "})
        EXPECT_FALSE(type_from_text(text).has_value()) << text;
}

TEST(ClassName, KnowsFiveClasses) {
    const std::map<std::uint16_t, std::string> known{
        {1, "IN"}, {3, "CH"}, {4, "HS"}, {254, "NONE"}, {255, "ANY"}};
    for (unsigned number = 0; number <= 0xffff; ++number) {
        const auto qclass = static_cast<std::uint16_t>(number);
        const auto found = known.find(qclass);
        ASSERT_EQ(class_name(qclass), found == known.end() ? "" : found->second);
        ASSERT_EQ(class_text(qclass),
                  found == known.end() ? "CLASS" + std::to_string(number) : found->second);
        ASSERT_EQ(class_from_text(class_text(qclass)), qclass);
    }
    EXPECT_FALSE(class_from_text("CLASS").has_value());
    EXPECT_FALSE(class_from_text("CLASS65536").has_value());
}

TEST(OpcodeName, KnowsFiveOpcodes) {
    EXPECT_EQ(opcode_name(0), "QUERY");
    EXPECT_EQ(opcode_name(1), "IQUERY");
    EXPECT_EQ(opcode_name(2), "STATUS");
    EXPECT_EQ(opcode_name(4), "NOTIFY");
    EXPECT_EQ(opcode_name(5), "UPDATE");
    for (std::uint8_t opcode : {3, 6, 15, 255}) EXPECT_EQ(opcode_name(opcode), "");
}

TEST(RcodeName, KnowsTheNamesUpToNotzoneAndBadvers) {
    const char* const names[] = {"NOERROR",  "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED",
                                 "YXDOMAIN", "YXRRSET", "NXRRSET",  "NOTAUTH",  "NOTZONE"};
    for (std::uint16_t rcode = 0; rcode <= 10; ++rcode) {
        EXPECT_EQ(rcode_name(rcode), names[rcode]);
        EXPECT_EQ(rcode_from_text(names[rcode]), rcode);
    }
    for (std::uint16_t rcode = 11; rcode <= 15; ++rcode) EXPECT_EQ(rcode_text(rcode), std::to_string(rcode));
    EXPECT_EQ(rcode_name(16), "BADVERS");
    EXPECT_EQ(rcode_name(17), "");
    EXPECT_EQ(rcode_text(4095), "4095");
}

TEST(RcodeFromText, TakesNamesInAnyCaseAndNumbersOfFourBits) {
    EXPECT_EQ(rcode_from_text("nxDomain"), 3);
    for (std::uint8_t rcode = 0; rcode <= 15; ++rcode)
        EXPECT_EQ(rcode_from_text(std::to_string(rcode)), rcode);
    EXPECT_EQ(rcode_from_text("0xF"), 15);
}

TEST(RcodeFromText, RefusesJunkAndWhatFourBitsCannotHold) {
    for (const char* text :
         {"", "16", "BADVERS", "0x10", "0x", "03", "00", "-1", "NXDOMAIN2", "NX", "3 ", "65536", "1.0"}) {
        EXPECT_FALSE(rcode_from_text(text).has_value()) << text;
    }
}

}  // namespace
}  // namespace sie::dns
