/*
 * Asks the C library for the addresses of names, one after the other in one process, and prints a
 * line for each: the name, the result, the milliseconds that it took, and the addresses.
 *
 *   getaddrinfo any|4|6 NAME...
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static const struct {
  int code;
  const char *name;
} RESULTS[] = {
    {0, "ok"},
    {EAI_AGAIN, "EAI_AGAIN"},
    {EAI_FAIL, "EAI_FAIL"},
    {EAI_NODATA, "EAI_NODATA"},
    {EAI_NONAME, "EAI_NONAME"},
    {EAI_SYSTEM, "EAI_SYSTEM"},
};

static const char *result_name(int code) {
  for (size_t i = 0; i < sizeof RESULTS / sizeof *RESULTS; i++)
    if (RESULTS[i].code == code) return RESULTS[i].name;
  return gai_strerror(code);
}

static long milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000L + now.tv_nsec / 1000000L;
}

static void print_address(const struct addrinfo *it) {
  char text[INET6_ADDRSTRLEN];
  const void *address = it->ai_family == AF_INET6
                            ? (const void *)&((struct sockaddr_in6 *)it->ai_addr)->sin6_addr
                            : (const void *)&((struct sockaddr_in *)it->ai_addr)->sin_addr;
  printf(" %s", inet_ntop(it->ai_family, address, text, sizeof text));
}

int main(int argc, char **argv) {
  /* Without AI_ADDRCONFIG both families are asked for, whatever addresses the machine has. */
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  if (argc < 3) return 2;
  if (!strcmp(argv[1], "4")) hints.ai_family = AF_INET;
  if (!strcmp(argv[1], "6")) hints.ai_family = AF_INET6;
  for (int i = 2; i < argc; i++) {
    struct addrinfo *list = NULL;
    long begin = milliseconds();
    int code = getaddrinfo(argv[i], NULL, &hints, &list);
    printf("%s %s %ld", argv[i], result_name(code), milliseconds() - begin);
    for (const struct addrinfo *it = list; it; it = it->ai_next) print_address(it);
    printf("\n");
    if (list) freeaddrinfo(list);
  }
  return 0;
}
