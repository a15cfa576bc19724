// Keys and pastes, see the header.
#include "script/keys.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

#include "abi/log.hpp"

namespace basin::script {

void Keys::begin() {
  if (ioctl(descriptor_, FIONREAD, &before_) != 0) before_ = 0;
}

int Keys::byte(unsigned char& out, int milliseconds) {
  if (!waiting_.empty()) {
    out = static_cast<unsigned char>(waiting_.front());
    waiting_.erase(0, 1);
    return 1;
  }
  for (;;) {
    // A Ctrl-C that came before the wait began breaks no wait, so the flag is looked at now and then.
    if (interrupted()) return -1;
    pollfd input{descriptor_, POLLIN, 0};
    if (poll(&input, 1, milliseconds < 0 ? 100 : milliseconds) <= 0) {
      if (milliseconds < 0) continue;
      return 2;
    }
    const ssize_t n = ::read(descriptor_, &out, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n == 1 && before_ > 0 && before_-- > 0 && out == 0) out = 4;
    return n < 0 ? -1 : n == 0 ? 0 : 1;
  }
}

// The bytes of a mark come at once; a person who types ESC is slower.
bool Keys::mark() {
  const std::string wanted = pasting_ ? "[201~" : "[200~";
  std::string read;
  for (const char expected : wanted) {
    unsigned char next = 0;
    if (byte(next, 20) != 1) break;
    read += static_cast<char>(next);
    if (next != static_cast<unsigned char>(expected)) break;
  }
  if (read != wanted) {
    waiting_ = read + waiting_;
    return false;
  }
  pasting_ = !pasting_;
  return true;
}

int Keys::read(wchar_t& character) {
  std::mbstate_t state{};
  for (;;) {
    unsigned char next = 0;
    if (const int status = byte(next, -1); status != 1) return status;
    if (next == 0x1b && mark()) continue;
    if (pasting_) {  // text and no commands: line ends are one character, tabs are spaces, no other control keys
      const bool second = after_return_ && next == '\n';
      after_return_ = next == '\r';
      if (second) continue;
      if (next == '\r') next = '\n';
      if (next == '\t') next = ' ', waiting_ = " " + waiting_;
      if ((next < 0x20 && next != '\n') || next == 0x7f) continue;
    }
    const char one = static_cast<char>(next);
    const size_t used = std::mbrtowc(&character, &one, 1, &state);
    if (used == static_cast<size_t>(-1)) state = {};
    else if (used != static_cast<size_t>(-2)) return 1;
  }
}

}  // namespace basin::script
