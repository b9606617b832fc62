// libpcap can capture from a message bus, for which it wants libdbus and, through it, libsystemd, which has
// no archive. With these two the linker leaves that part of libpcap.a aside.
#include <pcap/pcap.h>

extern "C" {

struct pcap_if_list;

pcap_t* dbus_create(const char* device, char* error, int* is_ours);
int dbus_findalldevs(pcap_if_list* devices, char* error);

pcap_t* dbus_create(const char*, char*, int* is_ours) {
    *is_ours = 0;
    return nullptr;
}

int dbus_findalldevs(pcap_if_list*, char*) { return 0; }
}
