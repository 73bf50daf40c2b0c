// Where a run's time goes, for the bench.
// In: scopes that have a stage's name. Out: with ABI3IFY_STAGES in the environment,
// a line on stderr for each name, with the milliseconds of processor time that
// all threads spent in it and not in a stage within.
#pragma once

namespace abi3ify {

class Stage {
public:
  /// `name` must live as long as the program.
  explicit Stage(const char *name);
  ~Stage();
  Stage(const Stage &) = delete;

private:
  friend class Stages;
  const char *name;
  Stage *outer;
};

/// All of a run; prints when it ends. What comes before it is "start".
class Stages {
public:
  ~Stages();

private:
  Stage rest{"all else"};
};

} // namespace abi3ify
