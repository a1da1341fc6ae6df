# 2 to the power of n; busybox awk is often built without "^".
function two(n,  power) {
  for (power = 1; n > 0; n--) power *= 2
  return power
}
