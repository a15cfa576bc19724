// Which form of the kernels runs: the fast one, or the plain one out of ATen's operators, which has derivatives of every
// order on every device (fused attention has none of the second order on a GPU).
#pragma once

namespace basin::kernels {

inline bool& plain_on_this_thread() {
  thread_local bool on = false;
  return on;
}

// While it lives, kernels that are called on this thread take their plain form.
class Plain {
 public:
  Plain() : before_(plain_on_this_thread()) { plain_on_this_thread() = true; }
  ~Plain() { plain_on_this_thread() = before_; }
  Plain(const Plain&) = delete;
  Plain& operator=(const Plain&) = delete;

 private:
  bool before_;
};

}  // namespace basin::kernels
