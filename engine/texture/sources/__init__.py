"""What each photo shows of the head, and how several photos become one."""
