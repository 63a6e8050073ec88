# Counts the tests of a TAP report: a test is a subtest that has no subtests, so neither assertions nor
# files are counted. Prints "PASSED FAILED SKIPPED". A file that fails without a failed test (a crash, a
# time limit) counts as one failed test.
match($0, /^ *(not )?ok [0-9]+ - /) && (/ # time=[0-9.]+m?s$/ || / # SKIP/) {
  line = $0
  sub(/[^ ].*/, "", line)
  depth = length(line) / 4
  ok = $0 !~ /^ *not ok/
  leaf = !has_child[depth + 1]
  if (depth > 0 && leaf) {
    if (/ # SKIP/) skipped++
    else if (ok) passed++
    else { failed++; bad[depth] = 1 }
  }
  # A file in which nothing is tested is a mistake, too.
  if (depth == 0 && (!ok || / # SKIP/) && !failed_within) failed++
  if (depth > 0 && leaf && !ok) failed_within = 1
  if (depth == 0) failed_within = 0
  has_child[depth + 1] = 0
  has_child[depth] = 1
}
END { print passed + 0, failed + 0, skipped + 0 }
