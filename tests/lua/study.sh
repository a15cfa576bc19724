#!/usr/bin/env bash
# slow. The scripts of the flatness study, each from its first line to its last, on two trainings of a few steps on a few images:
# that they run and print every row. Their numbers are in docs/results/flatness.md.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../work_in.sh"
program=$1
scripts=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../../scripts/flatness")
work_in "$2"
fail() { echo "$1"; cat output; exit 1; }

cat >images.lua <<'LUA'
local basin = require "basin"
local shapes = basin.dataset "shapes" { count = 64, size = 16 }
for i = 1, 64 do
  shapes:images(i, 1):grid(("data/%s/%s/%02d.png"):format(i > 40 and "test" or "train", i % 2 == 0 and "even" or "odd", i), 1, 1)
end
LUA
mkdir -p data/{train,test}/{even,odd}
"$program" run images.lua >output 2>&1 || fail "the images were not written"

# run SCRIPT WORDS...: it ends well, and its output has each of the words.
run() {
  local script=$1 word
  shift
  "$program" run "$scripts/$script.lua" --threads 1 --set data=data --set dataset=tower --set steps=40 --set samples=16 \
    --set seeds=${seeds:-0,1} --set images=8 --set draws=2 >output 2>errors || { cat errors; fail "$script.lua failed"; }
  for word in "$@"; do grep -qF -- "$word" output || fail "$script.lua printed no '$word'"; done
  grep -q "nan" output && fail "$script.lua printed nan"
}
for wrong in "" 0.5 0,1,0; do
  "$program" run "$scripts/table3.lua" --set data=data --set dataset=tower --set seeds="$wrong" >output 2>&1 &&
    fail "seeds=$wrong was taken"
  [[ $(wc -l <output) -eq 1 ]] && grep -q "seed" output || fail "seeds=$wrong was refused with other words"
done
# done_with NAMES: what is large and no later script loads
done_with() { for name in "$@"; do rm -r runs/?????-flatness-$name-[01] || fail "there is no training $name"; done; }
run train "flatness-adam-0" "flatness-ip-1" "flatness-sam-1"
run table1 "+SAM" "|eps| gap"
run table2 "+IP+SWA" "+SAM+EMA minus +EMA" "SAM is better than ADM"
run table3 "+SAM+SWA" "LPF, training images" "+SAM / ADM"
run table4 "+SAM+EMA" "affine" "FID, 100 steps" "range"
run table5 "moved at random"
run figure1 "mean rise"
run figure5 "top Hessian" "+IP+SWA"
seeds=0 run by_level "Hessian, top, ADM" "t 750 to 1000" "training images"
run figure6 "gap, last step" "its size" "+IP+SWA"
run posthoc "sigma_rel" "paper: sam"
run supplement "+SAM+pEMA" "coverage"
run rho "4 bits: loss" "0.3" "Adam"
done_with "sam-0.*"
run benefits "Hessian, trace" "time shift" "of infinitely many"
run unsaid "share" "ADM, one training" "rate of EMA" "0.999"
done_with "*-batch*"
run levels "ADM: loss at 500" "1000" "classifier of 2 kinds" "cross-entropy" "share"
done_with "*-levels*" "*-classifier"
run matched "at equal steps" "at equal loss, which Adam had after"
grep -qF -e "no weights of SAM" -e "was never" output && fail "matched.lua compared nothing"
for picture in figure1-adam figure1-sam-contour figure5 figure6 figure6-gap posthoc supplement supplement-ADM-32 rho by_level; do
  [[ $(head -c 4 $picture.png | tail -c 3) == PNG ]] || fail "$picture.png is no picture"
done

# The paper's size says what it costs before it starts.
"$program" run "$scripts/table1.lua" --threads 1 --set data=data --set dataset=tower --set size=paper --set steps=5 \
  >output 2>errors &
for _ in $(seq 1200); do
  grep -q "^size = paper" output && break
  kill -0 $! 2>>errors || break
  sleep 0.1
done
kill -KILL $! 2>>errors
wait $! 2>>errors
grep -q "^size = paper: 3 seeds x 3 trainings of 5 steps, [0-9.e+]* forward passes" output || { cat errors; fail "no cost was said"; }

# What was trained once is not trained again.
run table3 "+SAM+SWA"
grep -q "^training" errors && { cat errors; fail "the second table3 trained again"; }
exit 0
